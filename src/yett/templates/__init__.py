"""Templates and the code they name: a SAM or CloudFormation file becomes operations. What an operation does is not here."""
