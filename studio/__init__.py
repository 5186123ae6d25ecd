"""The web pages: the viewers' room."""
