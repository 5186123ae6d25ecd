"""No sentence leaves with a price, number or claim that no fact backs, or with words that nobody may say on the air.

Three authors, three strictnesses. What code composes is checked for numbers, currencies, percentages and contacts against
the facts that it cites, and what it quotes of the seller's is judged first (seller.py). What the seller wrote by hand for the
pitch is held to the same, and to the rules of the market. What a model wrote is checked word by word (model.py).
"""

from agent.guard.check import check as check
from agent.guard.figures import numbers as numbers
from agent.guard.model import tokens as tokens
from agent.guard.names import sayable as sayable
from agent.guard.notice import noticed as noticed
from agent.guard.seller import withheld as withheld
from agent.guard.text import UNSPACED as UNSPACED
from agent.guard.text import normalise as normalise
from agent.guard.verdict import Verdict as Verdict
