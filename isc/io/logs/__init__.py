"""What logs of other programs have in common: cells, clocks, formats."""
