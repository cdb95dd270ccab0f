"""What we ask of the world: one Protocol a module, whose docstring is the contract that every adapter keeps."""
