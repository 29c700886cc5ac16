//! Variables and figures as files: each download says what it is.

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Service, answered};

#[tokio::test]
async fn a_download_has_the_media_type_of_its_format() {
    let service = Service::start();
    let session = service.session().await;
    let code = "import numpy as np, pandas as pd, matplotlib.pyplot as plt\n\
                frame, array = pd.DataFrame({'a': [1]}), np.zeros(2)\n\
                figure = plt.figure()";
    service.text(&session, code).await;
    let table = |format| json!({"variables": ["frame"], "format": format});
    for (body, media_type) in [
        (table("csv"), "text/csv; charset=utf-8"),
        (table("json"), "application/json"),
        (
            table("xlsx"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (table("parquet"), "application/vnd.apache.parquet"),
        (table("feather"), "application/vnd.apache.arrow.file"),
        (table("pickle"), "application/octet-stream"),
        (
            json!({"variables": ["array"], "format": "npy"}),
            "application/x-npy",
        ),
        (json!({"figures": "png"}), "image/png"),
        (json!({"figures": "svg"}), "image/svg+xml"),
        (json!({"figures": "pdf"}), "application/pdf"),
    ] {
        let path = format!("/sessions/{session}/export");
        let made = service.post(&path, body.clone()).await.expect(201);
        let href = made["files"][0]["href"].as_str().expect("an address");
        let request = service.anonymous(Method::GET, href);
        let file = answered(request.bearer_auth(&service.token)).await;
        assert_eq!(file.header("content-type"), Some(media_type), "{body}");
        // Whatever it is, a browser keeps it and opens nothing.
        let disposition = file.header("content-disposition").expect("a name");
        assert!(disposition.starts_with("attachment"), "{disposition}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        file.expect(200);
    }
}
