//! Figures for Prometheus, on a listener of their own.

use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    web::{self, Data},
};

use super::Parts;

/// The metrics listener's application: `/metrics` and nothing else.
pub(super) fn app(
    parts: Parts,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().app_data(Data::new(parts)).service(web::resource("/metrics").route(super::read().to(read)))
}

async fn read(parts: Data<Parts>) -> HttpResponse {
    let Parts { figures, im, gateway, .. } = &**parts;
    figures.queued_frames.set(i64::try_from(gateway.queued_frames()).unwrap_or(i64::MAX));
    // Without an answer the last count stands.
    if let Ok(waiting) = im.count_waiting().await {
        figures.waiting_visitors.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(figures.text())
}
