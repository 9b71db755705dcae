"""The gateway's process: it imports nothing of the HTTP edge, so that it is the first to be there."""

from hub.process import begin, until_stopped
from hub.process_figures import gateway_figures, served
from hub.settings import Settings
from hub.wiring import House
from pacs_gateway.places import PlaceLimits
from pacs_gateway.server import Gateway
from pacs_gateway.settings import GatewaySettings, TlsSettings


def run_gateway(settings: Settings) -> None:
    """Receive from devices until told to stop, or until nobody listens any more. Raises Misconfigured."""
    house = begin("gateway", settings, dicom=True)
    gateway = dicom_gateway(house)
    gateway.start()
    with served(settings.metrics_port_gateway, lambda: gateway_figures(gateway.counts)):
        until_stopped(gateway.stop, is_well=lambda: gateway.is_listening)
    house.close()


def dicom_gateway(house: House) -> Gateway:
    """Return the gateway over a house, not yet listening."""
    return Gateway(
        archive=house.archive,
        directory=house.directory,
        unknown_devices=house.unknown_devices,
        clock=house.clock,
        settings=gateway_settings(house.settings),
    )


def gateway_settings(settings: Settings) -> GatewaySettings:
    """Return what the gateway is to know of the hub's settings."""
    return GatewaySettings(
        ae_title=settings.ae_title,
        host=settings.dicom_host,
        port=settings.dicom_port,
        tls=tls_settings(settings),
        places=PlaceLimits(
            overall=settings.maximum_associations,
            per_address=settings.maximum_associations_per_address,
            per_device=settings.maximum_associations_per_device,
            shared_networks=settings.shared_networks,
        ),
        association_request_seconds=settings.dicom_request_seconds,
        silence_seconds=settings.dicom_silence_seconds,
        between_messages_seconds=settings.dicom_idle_seconds,
        accept_any_storage_class=settings.accept_any_storage_class,
        permitted_networks=settings.plain_dicom_networks,
    )


def tls_settings(settings: Settings) -> TlsSettings | None:
    """Return where DICOM over TLS is listened for, None where it is not."""
    certificate, key, authorities = (
        settings.tls_dicom_certificate,
        settings.tls_dicom_key,
        settings.tls_dicom_client_ca,
    )
    if settings.tls_dicom_port is None or certificate is None or key is None or authorities is None:
        return None
    return TlsSettings(
        host=settings.tls_dicom_host,
        port=settings.tls_dicom_port,
        certificate=certificate,
        key=key,
        client_authorities=authorities,
    )
