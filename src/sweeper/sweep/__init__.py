"""The whole story of a sweep: open, train, summarise; again and again until the budget is used."""
