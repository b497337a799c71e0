"""The group: its cube, its synchrony, what its raters reported."""
