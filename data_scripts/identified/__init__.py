"""Synthetic records in which names, numbers, places and dates are labelled: for a recogniser beside the rules.

Nothing in them is about anybody, and nothing is taken from a corpus.

name_vocabulary, everyday_names, minority_names, names
                           names of persons, in every form in which records have them
numbers                    cards, telephones, record numbers, beds, addresses of mail, plates
place_vocabulary, places   addresses, institutions
dates                      calendar dates, ages
loose_forms, loose_places  numbers, beds, days, places as people write them where no form asks for them
patient                    one patient: what the records of one patient share, and what a slot of a template stands for
filling                    a template → stretches of text, some of which are identifiers
*_templates                sentences with identifiers; plain_ and hard_templates: sentences without, that look alike
noise                      what scanners, forms and haste do to a text
role_vocabulary            words for staff and relatives
kinds, documents           which sentences make up which kind of record
composition                all of it, written as JSON Lines
"""
