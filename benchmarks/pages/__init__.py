"""How long the pages of a large sweep take to be written and to be seen."""
