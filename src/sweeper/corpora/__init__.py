"""Data sets at hand: fetched, prepared and checked before any sweep needs them."""
