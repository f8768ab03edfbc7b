//! Any bytes are a model or an error, and a model reads back as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linreg::data::Batch;
use linreg::model::Model;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_json(bytes, "m") else { return };
    let text = serde_json::to_vec(&model).expect("a model is JSON");
    let again =
        Model::from_json(&text, "m").unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
    assert_eq!(again, model);
    assert_eq!(serde_json::to_vec(&again).expect("a model is JSON"), text, "equal, but of other bits");
    use_it(&model);
});

/// What commands ask a model for.
fn use_it(model: &Model) {
    assert_eq!(model.weights_for(&model.features, &model.targets).as_ref(), Some(&model.weights));
    let design = model.design();
    let mut read = Batch::with_capacity(1 + design.fields().len(), 1);
    read.set_rows(1);
    let mut room = None;
    let features = design.features(&mut read, &mut room);
    for target in 0..model.targets.len() {
        assert_eq!(model.predict(features, target).len(), 1);
    }
    let (k, p) = (model.targets.len(), model.features.len());
    for rows in model.state.iter().flat_map(|state| state.memory.values().chain(&state.standardized)) {
        assert!(rows.to_weights(k, p).is_some());
    }
}
