"""What a policy would have been worth, told from episodes that another policy decided (METHODS M10)."""
