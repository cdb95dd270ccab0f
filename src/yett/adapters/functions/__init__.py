"""Lambda functions in processes of their own, under AWS's runtime client. Who may invoke is settled above, not here."""
