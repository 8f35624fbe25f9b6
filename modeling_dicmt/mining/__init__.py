"""What records say of the dictionary: candidates for its lists, reviewed in a spreadsheet, and lists made of them."""
