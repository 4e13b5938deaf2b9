//! Exactly what a model sees of each tool, as snapshots: drift is a decision, not an accident.

#[path = "registry/linked.rs"]
mod linked;
#[path = "registry/shown.rs"]
mod shown;

#[test]
fn what_a_model_sees_of_each_tool() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for entry in linked::catalog().entries() {
            insta::assert_json_snapshot!(entry.name(), shown::shown(entry));
        }
    });
}

#[test]
fn every_snapshot_belongs_to_a_tool() {
    let catalog = linked::catalog();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let tool = name.split('.').next().unwrap();
        assert!(catalog.find(tool).is_some(), "{name} belongs to no tool");
    }
}
