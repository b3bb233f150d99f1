"""The settings of the page RDM: what addresses of before say still holds."""

from tests.pages.app import open_page


def test_several_rois_are_concatenated_and_an_old_address_says_joined():
    app = open_page("rdm", roi=["V1", "FFA"], combine="joined")
    assert not app.exception
    (control,) = [group for group in app.button_group if group.key == "rdm.combine"]
    assert control.value == "concatenated"
    assert control.options == ["concatenated", "side by side"]
