"""A busy room's comments, made from templates over the example catalogue: mixed in language, in subject and in wording."""

import csv
import random
import re
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parent.parent / "examples" / "catalogue" / "products.csv"
# How much of the chat is in each language. The last four are spoken in the show's language.
SHARES = {"en": 38, "zh": 12, "es": 12, "fr": 9, "pt": 8, "hi": 6, "id": 6, "de": 3, "ja": 2, "th": 2, "vi": 2}
NAMED = {  # {} is a product
    "en": ["How much is the {}?", "What is the {} made of?", "Is the {} in stock?", "how do I clean the {}",
           "What colours does the {} come in?", "does the {} have a warranty?", "how heavy is the {}?", "{} price pls",
           "can you tell me more about the {}", "is {} good as a gift?"],
    "zh": ["{}多少钱？", "{}是什么材质的？", "{}还有货吗", "{}有什么颜色？", "{}怎么清洗？", "{}有多重？"],
    "es": ["¿Cuánto cuesta {}?", "¿De qué material es {}?", "hay {} en stock?", "¿Qué colores tiene {}?", "¿Cómo se limpia {}?"],
    "fr": ["Combien coûte {} ?", "{} est en quelle matière ?", "{} est disponible ?", "quelles couleurs pour {} ?"],
    "pt": ["Quanto custa {}?", "De que material é {}?", "{} tem em estoque?", "quais cores tem {}?"],
    "hi": ["{} की कीमत क्या है?", "{} किस चीज़ से बना है?", "क्या {} स्टॉक में है?"],
    "id": ["Berapa harga {}?", "{} bahannya apa?", "{} masih ada stok?", "{} ada warna apa saja?"],
    "de": ["Was kostet {}?", "Aus welchem Material ist {}?"],
    "ja": ["{}はいくらですか？", "{}の素材は何ですか？"],
    "th": ["{} ราคาเท่าไหร่", "{} ทำจากอะไร"],
    "vi": ["{} giá bao nhiêu?", "{} làm bằng chất liệu gì?"],
}  # fmt: skip
BARE = {  # about what is on air, or about the store
    "en": ["how much is it?", "is it in stock?", "do you ship to Canada?", "what is your return policy?",
           "can I pay with PayPal?",
           "how long does delivery take?", "is it waterproof?", "any discount today?", "what sizes are there?"],
    "zh": ["多少钱？", "包邮吗？", "可以退货吗？", "多久能到？", "这个防水吗？"],
    "es": ["¿cuánto es?", "¿hacen envíos a México?", "¿se puede devolver?", "¿cuánto tarda el envío?"],
    "fr": ["c'est combien ?", "vous livrez en France ?", "on peut le retourner ?", "quels sont les délais de livraison ?"],
    "pt": ["quanto é?", "entregam no Brasil?", "posso devolver?", "quanto tempo demora a entrega?"],
    "hi": ["यह कितने का है?", "क्या वापसी हो सकती है?", "डिलीवरी में कितना समय लगता है?"],
    "id": ["berapa harganya?", "bisa dikembalikan?", "kirim ke Jakarta?", "berapa lama pengirimannya?"],
    "de": ["wie teuer ist das?"], "ja": ["いくらですか？"], "th": ["ราคาเท่าไหร่คะ"], "vi": ["giá bao nhiêu ạ?"],
}  # fmt: skip
CHATTER = ["nice", "wow love it", "hello everyone!", "😍😍😍", "好漂亮", "hola a todos", "lol", "first", "merci !", "bom dia",
           "thanks!",
           "haha", "🔥🔥", "so pretty", "just joined", "谢谢", "gracias"]  # fmt: skip
USERS = ["Ann", "Ben", "Lucía", "小明", "Chloé", "João", "Asha", "Dewi", "Omar", "mia_88", "Jonas", "yuki", "Nok", "Linh",
         "shopper4412", "Carla", "Pierre", "王芳", "Rafael", "Tom"]  # fmt: skip
CHATTER_SHARE, BARE_SHARE = 0.3, 0.35


def products() -> list[str]:
    """Titles of the example catalogue, without what is in parentheses."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        titles = [row["Title"] for row in csv.DictReader(file) if row["Title"]]
    return [re.sub(r"\s*\(.*?\)", "", title) for title in titles]


def comments(seconds: float, a_minute: float, *, seed: int, begin_s: float = 4.0) -> list[dict[str, Any]]:
    """Rows for ``--chat``: comments at random times, ``a_minute`` on the mean, from ``begin_s`` until ``seconds``."""
    dice, titles, out, at = random.Random(seed), products(), list[dict[str, Any]](), begin_s
    while (at := at + dice.expovariate(a_minute / 60)) < seconds:
        out.append({"at": round(at, 2), "platform": "bench", "user": dice.choice(USERS), "id": str(len(out)),
                    "text": _text(dice, titles)})  # fmt: skip
    return out


def _text(dice: random.Random, titles: list[str]) -> str:
    if dice.random() < CHATTER_SHARE:
        return dice.choice(CHATTER)
    language = dice.choices(list(SHARES), list(SHARES.values()))[0]
    if dice.random() < BARE_SHARE:
        return dice.choice(BARE[language])
    title = dice.choice(titles)
    return dice.choice(NAMED[language]).format(title.lower() if dice.random() < 0.3 else title)
