from isc.report import CITATIONS


def test_every_reference_has_its_own_doi_and_year():
    dois = [citation.doi for citation in CITATIONS.values()]
    assert len(set(dois)) == len(dois)
    assert all(dois)
    assert all("(19" in citation.text or "(20" in citation.text for citation in CITATIONS.values())
