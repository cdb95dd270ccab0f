"""AWS Organizations: accounts, units, and the policies that bind them."""
