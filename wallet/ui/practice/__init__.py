"""Practice with play money: a window of its own on a network of its own, and a guide through what one should know."""
