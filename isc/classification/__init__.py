"""Expressions told apart by geometry: features of clips, one Gram matrix for every analysis, honest evaluation."""
