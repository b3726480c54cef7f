//! The information model of ETSI GS NFV-IFA 011 in JSON or YAML: `vnfdId`, `vdu`, `vnfExtCpd`.

use super::Reader;
use crate::yaml::Value;

/// Reads one, if it is one.
pub(super) fn read(root: Value<'_>, reader: &mut Reader) -> bool {
    let root = root.get("vnfd").unwrap_or(root);
    if root.get("vnfdId").is_none() && root.get("vnfExtCpd").is_none() {
        return false;
    }
    reader.descriptor.format = "IFA011";
    for vdu in root.list("vdu") {
        let image = vdu.get("swImageDesc").or_else(|| vdu.get("swImage"));
        let image =
            image.and_then(|image| image.text().or_else(|| image.text_of("swImage").or_else(|| image.text_of("name"))));
        reader.unit(vdu.get("vduId"), image);
    }
    for point in root.list("vnfExtCpd") {
        reader.interface(point.get("cpdId"), None, point.text_of("layerProtocol"), true);
    }
    for vdu in root.list("vdu") {
        for point in vdu.list("intCpd") {
            reader.interface(point.get("cpdId"), vdu.text_of("vduId"), point.text_of("layerProtocol"), false);
        }
    }
    true
}
