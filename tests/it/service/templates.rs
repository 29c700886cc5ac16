//! `/templates`: code for common tasks, each of which is run.

use serde_json::json;

use crate::support::service::Service;

/// What the templates' defaults are about.
const SAMPLE: &str = "
import numpy as np, pandas as pd
random = np.random.default_rng(0)
n = 200
frame = pd.DataFrame({
    'date': pd.date_range('2024-01-01', periods=n),
    'city': random.choice(['Berlin', 'Oslo', 'Rome'], n),
    'product': random.choice(['tea', 'salt'], n),
    'price': random.uniform(1, 9, n).round(2),
    'units': random.integers(1, 20, n),
})
frame['amount'] = (frame.price * frame.units).round(2)
frame.loc[3, 'price'] = None
cities = pd.DataFrame({'city': ['Berlin', 'Oslo', 'Paris'], 'country': ['DE', 'NO', 'FR']})
frame.to_csv('data.csv', index=False)
frame.to_excel('data.xlsx', index=False)
frame.to_parquet('data.parquet')
";

#[tokio::test]
async fn every_template_runs_with_its_defaults() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, SAMPLE).await;
    let templates = service.get("/templates").await.expect(200);
    let templates = templates.as_array().expect("a list");
    assert!(templates.len() >= 12);
    for template in templates {
        let id = template["id"].as_str().expect("an id");
        let path = format!("/templates/{id}");
        assert_eq!(&service.get(&path).await.expect(200), template);
        let rendered = service
            .post(&format!("{path}/render"), json!({}))
            .await
            .expect(200);
        for cell in rendered["cells"].as_array().expect("a list") {
            assert_eq!(cell["cell_type"], "code");
            let code = cell["source"].as_str().expect("a text");
            let ran = service.run(&session, code).await;
            assert_eq!(ran["status"], "success", "{id}: {}\n{ran:#}", code);
            assert_ne!(ran["outputs"], json!([]), "{id} shows something");
        }
        // What one template makes is not in the way of the next.
        service
            .text(&session, "frame = pd.read_parquet('data.parquet')")
            .await;
    }
}

#[tokio::test]
async fn parameters_are_put_in_as_values() {
    let service = Service::start();
    let body = json!({"parameters": {"frame": "sales", "by": ["city"], "value": "a'; import os #", "aggregate": "mean"}});
    let rendered = service
        .post("/templates/group/render", body)
        .await
        .expect(200);
    let code = rendered["code"].as_str().expect("a text");
    assert!(
        code.starts_with(
            "grouped = sales.groupby([\"city\"], as_index=False)[\"a'; import os #\"].agg(\"mean\")"
        ),
        "{code}"
    );
    let refused = service
        .post("/templates/group/render", json!({"parameters": {"by": []}}))
        .await
        .refused(422, 50202);
    assert_eq!(refused["errors"][0]["field"], "parameters.by");
    service.get("/templates/nothing").await.refused(404, 20430);
    service
        .post("/templates/nothing/render", json!({}))
        .await
        .refused(404, 20430);
}
