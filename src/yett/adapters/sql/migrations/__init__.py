"""How the schema came to be, one step a module in `versions`. Steps are never edited once released."""
