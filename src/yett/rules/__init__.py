"""The rules of the product, a room per AWS noun: same arguments, same answer. No clock, dice, file, log or await."""
