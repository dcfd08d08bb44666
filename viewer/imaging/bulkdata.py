"""What a series' metadata leaves out and no right picture can do without: the addresses to fetch it from."""

from collections.abc import Iterable

from viewer.imaging import nuclear
from viewer.imaging.dicomjson import Item, LookupTable
from viewer.imaging.functional_groups import flat
from viewer.imaging.record import Instance

MOST_B_VALUES = 1000  # asked for one by one before a series opens


def bulkdata_uris(listed: Iterable[Instance]) -> set[str]:
    """Return the addresses of lookup tables and colour profiles, without which no picture is right.

    Also those of private b-values, where images that share a position may need them to be told apart.
    """
    tables: list[LookupTable | None] = []
    listed = list(listed)
    for each in listed:
        tables += [*each.ModalityLUTSequence, *each.VOILUTSequence, *each.palette]
        frames = [Item(flat(item), bulkdata=item.bulkdata) for item in each.per_frame_groups]
        for item in (each.shared_groups, *frames):
            tables += [*item.lookup_tables("VOILUTSequence"), *item.lookup_tables("ModalityLUTSequence")]
    profiles = [each.optical_paths[0].binary("ICCProfile") for each in listed if each.optical_paths]
    profiles += [item.binary("OverlayData") for each in listed for _group, item in each.overlays]
    wanted = {uri for data, uri in profiles if uri and data is None}
    wanted |= {each.icc_address for each in listed if each.icc_address and not each.icc_profile}
    late = any(
        (each.AcquisitionDate or "", each.AcquisitionTime or "") < (each.SeriesDate or "", each.SeriesTime or "")
        for each in listed
    )
    wanted |= {uri for each in listed for uri in nuclear.bulkdata_uris(each.nuclear, late=late)}
    if len({each.ImagePositionPatient for each in listed}) < len(listed):
        b_values = {each.b_uri for each in listed if each.b_uri}
        wanted |= b_values if len(b_values) <= MOST_B_VALUES else set()
    return wanted | {table.uri for table in tables if table is not None and table.uri and table.data is None}
