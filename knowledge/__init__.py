"""What is true: the catalogue, its facts, and how a question finds them."""
