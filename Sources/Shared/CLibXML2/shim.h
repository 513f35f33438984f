#pragma once
#include <libxml/xmlversion.h>
// Debian's libxml2 draws ICU's headers into encoding.h, for two pointers at the end of a struct that this house neither
// makes nor measures. Foundation brings another ICU, and a module that sees both does not compile.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
