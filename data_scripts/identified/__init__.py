"""Synthetic records in which names, numbers, places and dates are labelled: for a recogniser beside the rules.

Nothing in them is about anybody, and nothing is taken from a corpus.

name_vocabulary, names     names of persons, in every form in which records have them
numbers                    cards, telephones, record numbers, beds, addresses of mail, plates
place_vocabulary, places   addresses, institutions
dates                      calendar dates, ages
patient                    one patient: what the records of one patient share, and what a slot of a template stands for
filling                    a template → stretches of text, some of which are identifiers
field_templates, note_templates, staff_templates, report_templates     sentences with identifiers
plain_templates            sentences without, among them all that looks like one
noise                      what scanners, forms and haste do to a text
documents                  which sentences make up which kind of record
composition                all of it, written as JSON Lines
"""
