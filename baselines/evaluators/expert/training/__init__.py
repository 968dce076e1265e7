"""How the sync expert is trained."""
