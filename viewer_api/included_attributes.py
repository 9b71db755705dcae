"""Attributes that only the instances themselves know, for a search that includes them (PS3.18 10.6.3.3)."""

from collections.abc import Sequence

from storage.archive import Archive
from storage.dicom_json import JSONDataSet
from storage.element_json import tree_json
from storage.instance import Instance, Series, Study
from storage.instance_content import opened
from storage.query import Level
from viewer_api.dicom_web_root import Root
from viewer_api.included_fields import IncludedFields


def read_included(
    archive: Archive,
    root: Root,
    fields: IncludedFields,
    level: Level,
    found: Sequence[Study | Series | Instance],
) -> list[JSONDataSet]:
    """Return what each result is asked to say beyond the catalogue; of a study or series as it came first.

    Raises:
        StorageUnavailable: the bytes of an instance cannot be had.
    """
    if level is Level.INSTANCE:
        instances: list[Instance | None] = [each if isinstance(each, Instance) else None for each in found]
    else:
        keys = [_key(each) for each in found]
        leading = archive.leading_instances(level, keys, visible_to=root.scope)
        instances = [leading.get(key) for key in keys]
    return [_read(archive, root, fields, level, instance) for instance in instances]


def with_included(given: JSONDataSet, included: JSONDataSet) -> JSONDataSet:
    """Return both together: the catalogue's word goes first, but for sequences, of which it knows less."""
    kept = {tag: element for tag, element in given.items() if tag not in included or element["vr"] != "SQ"}
    return dict(sorted((included | kept).items()))


def _key(found: Study | Series | Instance) -> tuple[str, ...]:
    study = (found.site_id, found.study_instance_uid)
    return study if isinstance(found, Study) else (*study, found.series_instance_uid)


def _read(
    archive: Archive, root: Root, fields: IncludedFields, level: Level, instance: Instance | None
) -> JSONDataSet:
    if instance is None:
        return {}
    with opened(archive, instance) as content:
        tree = fields.of_tree(content.tree, level)
        sets_of = archive.character_sets.reader_of(instance)
        return fields.of_data_set(tree_json(tree, f"{root.url_of(instance)}/bulkdata", sets_of))
