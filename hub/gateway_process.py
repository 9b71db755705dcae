"""The gateway's process: it imports nothing of the HTTP edge, so that it starts fast after a crash."""

from hub.process import begin, until_stopped
from hub.settings import Settings
from pacs_gateway.server import Gateway
from pacs_gateway.settings import GatewaySettings


def run_gateway(settings: Settings) -> None:
    """Receive from devices until told to stop. Raises Misconfigured."""
    house = begin("gateway", settings, dicom=True)
    gateway = Gateway(
        archive=house.archive,
        directory=house.directory,
        clock=house.clock,
        settings=GatewaySettings(
            ae_title=settings.ae_title,
            host=settings.dicom_host,
            port=settings.dicom_port,
            maximum_associations=settings.maximum_associations,
            accept_any_storage_class=settings.accept_any_storage_class,
            permitted_networks=settings.plain_dicom_networks,
        ),
    )
    gateway.start()
    until_stopped(gateway.stop)
    house.close()
