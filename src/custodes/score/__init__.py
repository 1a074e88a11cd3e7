"""Judge driving by a published formula: trips, what each gave occasion for, and why a score is what it is. Pure."""
