//! The state of the widgets that cells made, gathered from their comm messages as nbclient does,
//! so that viewers without a kernel can show them.

use serde_json::{Map, Value, json};

/// Version of the saved form: `application/vnd.jupyter.widget-state+json`, version 2.0.
const VERSION: (u64, u64) = (2, 0);

/// The newest state of every widget, by the id of its comm.
#[derive(Debug, Default)]
pub(super) struct Widgets(Map<String, Value>);

impl Widgets {
    /// Takes the data of a comm message. Those without a state are a widget's own affair.
    pub(super) fn take(&mut self, comm: &str, data: &Map<String, Value>) {
        let Some(Value::Object(new)) = data.get("state") else {
            return;
        };
        let known = self.0.entry(comm).or_insert_with(|| json!({}));
        if let Value::Object(known) = known {
            known.extend(new.clone());
        }
    }

    /// Has an unknown widget begin with a state that is known from elsewhere.
    pub(super) fn recall(&mut self, comm: &str, state: impl FnOnce() -> Option<Value>) {
        if !self.0.contains_key(comm)
            && let Some(state) = state()
        {
            self.0.insert(comm.to_owned(), state);
        }
    }

    /// Returns the saved form; none when no cell made a widget.
    pub(super) fn saved(&self) -> Option<Value> {
        let models: Map<String, Value> = self
            .0
            .iter()
            .filter_map(|(comm, state)| {
                let name = state.get("_model_name")?;
                let of = |key: &str| state.get(key).cloned().unwrap_or_default();
                let model = json!({
                    "model_name": name,
                    "model_module": of("_model_module"),
                    "model_module_version": of("_model_module_version"),
                    "state": state,
                });
                Some((comm.clone(), model))
            })
            .collect();
        (!models.is_empty()).then(
            || json!({"version_major": VERSION.0, "version_minor": VERSION.1, "state": models}),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_state_of_every_model_is_saved() {
        let mut widgets = Widgets::default();
        let mut take = |comm: &str, data: Value| widgets.take(comm, data.as_object().unwrap());
        let made = json!({"_model_name": "IntSliderModel", "_model_module": "@jupyter-widgets/controls",
            "_model_module_version": "2.0.0", "value": 1, "max": 9});
        take("a", json!({"state": made, "buffer_paths": []}));
        take("a", json!({"method": "update", "state": {"value": 7}}));
        take("a", json!({"method": "custom", "content": {"value": 8}}));
        // No model of a widget, and what no state is.
        take("b", json!({"state": {"value": 1}}));
        take("c", json!({"state": "all is well"}));
        let saved = widgets.saved().unwrap();
        assert_eq!(
            saved,
            json!({"version_major": 2, "version_minor": 0, "state": {"a": {
                "model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls",
                "model_module_version": "2.0.0",
                "state": {"_model_name": "IntSliderModel", "_model_module": "@jupyter-widgets/controls",
                    "_model_module_version": "2.0.0", "value": 7, "max": 9},
            }}})
        );
        assert_eq!(Widgets::default().saved(), None);
    }
}
