"""Figures for papers: vector, fonts embedded, colours that everybody can tell apart."""
