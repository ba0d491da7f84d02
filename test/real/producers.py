"""Prints DW_AT_producer of every compile unit of ELF files; follows dwz's common file, which binutils reads much slower."""

import sys

from elftools.elf.elffile import ELFFile

for path in sys.argv[1:]:
    with open(path, "rb") as stream:
        units = ELFFile(stream, lambda link: open(link.decode(), "rb")).get_dwarf_info().iter_CUs()
        for unit in units:
            attributes = unit.get_top_DIE().attributes
            if "DW_AT_producer" in attributes:
                print(path, attributes["DW_AT_producer"].value.decode())
