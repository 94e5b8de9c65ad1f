"""The audit: what the account holds of a site, which of the three ways is open to it, and what there is to do."""
