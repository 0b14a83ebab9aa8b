//! Figures for Prometheus, on a listener of their own.

use std::sync::Arc;

use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    web::{self, Data},
};

use crate::telemetry::Figures;

/// The metrics listener's application: `/metrics` and nothing else.
pub(super) fn app(
    figures: Arc<Figures>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().app_data(Data::from(figures)).route("/metrics", web::get().to(read))
}

async fn read(figures: Data<Figures>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(figures.text())
}
