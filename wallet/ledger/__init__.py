"""What the wallet owns: scripts, coins, history, and the choice of coins for a payment."""
