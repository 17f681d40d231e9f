"""How well a potential follows its reference, and whether it holds: Table 1 and the certificate."""
