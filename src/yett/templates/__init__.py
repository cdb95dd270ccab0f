"""Templates, and the code they name: a file becomes operations. What an operation does is not here."""
