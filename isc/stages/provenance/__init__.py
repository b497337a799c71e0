"""What was made of what: a product is made when it is absent or out of date, and only then."""
