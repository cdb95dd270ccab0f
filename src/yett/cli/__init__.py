"""The command line: a module per command. It chooses parts and prints; what is true is decided below."""
