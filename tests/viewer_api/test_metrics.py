"""What a monitor is told: figures, and nothing that names anybody."""

from tests.viewer_api.conftest import Edge


def test_the_figures_name_routes_by_their_template_and_nobody_at_all(edge: Edge) -> None:
    edge.consultation.send("1.2.840.7", PatientName="Canary^Bird", PatientID="CANARY-1")
    edge.consultation.take_in()
    client = edge.client("admin")
    client.get("/api/v1/cases/CANARYCANARYCANARYCANARY01")
    client.get("/dicom-web/studies/1.2.840.7?PatientName=Canary*")
    client.get("/canary/CANARY")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    told = answer.text
    assert 'route="/dicom-web/studies/{study}"' in told
    assert 'hub_feed_lag{follower="' in told
    assert "hub_audit_unchained " in told
    assert "canary" not in told.lower()
    assert "1.2.840.7" not in told
    assert "admin" not in told
