// One namespace a family; each class is a file named as Intel names it: `AMT_GeneralSettings` is `AMT.GeneralSettings`.

/// Classes of Intel's AMT schema.
package enum AMT {}

/// Classes of the DMTF's schema.
package enum CIM {}

/// Classes of Intel's IPS schema.
package enum IPS {}
