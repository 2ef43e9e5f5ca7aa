/*
 * A stand-in for a token that has ML-DSA, for tests only: SoftHSM, to which ML-DSA-65 is added as
 * PKCS#11 3.2 numbers it. Keys are made and used by the OpenSSL 3.5 that DSECOS_OPENSSL_LOADER,
 * DSECOS_OPENSSL_LIBRARIES and DSECOS_OPENSSL name, and are files in the directory DSECOS_ML_DSA while
 * this process lives; nothing about it is safe. One thread calls it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pkcs11.h"

#define MAKE_ML_DSA 0x1cUL
#define SIGN_ML_DSA 0x1dUL
#define KEY_ML_DSA 0x4aUL
#define PARAMETER_SET 0x61dUL
#define SEED 0x637UL
#define SPKI_BYTES 1974
#define HEADER_BYTES 22
#define SIGNATURE_BYTES 3309

enum { MOST_OBJECTS = 64, MOST_ATTRIBUTES = 40, MOST_SESSIONS = 64 };
#define FIRST_HANDLE 0x70000000UL

typedef struct {
  CK_SLOT_ID slot;
  int alive, pair;
  CK_ULONG count;
  CK_ATTRIBUTE attributes[MOST_ATTRIBUTES];
} Object;

typedef struct {
  CK_SESSION_HANDLE session;
  CK_ULONG found[MOST_OBJECTS], count, next;
  Object *signer;
} Session;

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST ours;
static Object objects[MOST_OBJECTS];
static CK_ULONG made;
static Session sessions[MOST_SESSIONS];

static Object *object_of(CK_OBJECT_HANDLE handle) {
  CK_ULONG place = handle - FIRST_HANDLE;
  return handle >= FIRST_HANDLE && place < made && objects[place].alive ? &objects[place] : NULL;
}

static Session *session_of(CK_SESSION_HANDLE handle) {
  int i, unused = -1;
  for (i = 0; i < MOST_SESSIONS; i++) {
    if (sessions[i].session == handle) return &sessions[i];
    if (sessions[i].session == 0 && unused < 0) unused = i;
  }
  if (unused < 0) abort();
  sessions[unused].session = handle;
  return &sessions[unused];
}

static void add(Object *object, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG length) {
  CK_ATTRIBUTE *attribute = &object->attributes[object->count++];
  if (object->count > MOST_ATTRIBUTES) abort();
  attribute->type = type;
  attribute->ulValueLen = length;
  attribute->pValue = malloc(length + 1);
  memcpy(attribute->pValue, value, length);
}

static CK_ATTRIBUTE *attribute_of(Object *object, CK_ATTRIBUTE_TYPE type) {
  CK_ULONG i;
  for (i = 0; i < object->count; i++)
    if (object->attributes[i].type == type) return &object->attributes[i];
  return NULL;
}

static CK_BBOOL flag_of(Object *object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE *attribute = attribute_of(object, type);
  return attribute != NULL && *(CK_BBOOL *)attribute->pValue ? CK_TRUE : CK_FALSE;
}

static char *file_of(const char *name, int pair) {
  static char path[4][512];
  static int turn;
  const char *directory = getenv("DSECOS_ML_DSA");
  if (directory == NULL) abort();
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%d.%s", directory, pair, name);
  return path[turn];
}

/* Gives whether OpenSSL did it. */
static int openssl(char *const *arguments) {
  extern char **environ;
  char *all[24] = {getenv("DSECOS_OPENSSL_LOADER"), "--library-path",
                   getenv("DSECOS_OPENSSL_LIBRARIES"), getenv("DSECOS_OPENSSL")};
  int count = 4, status;
  pid_t child;
  while (*arguments != NULL && count < 23) all[count++] = *arguments++;
  if (posix_spawn(&child, all[0], NULL, NULL, all, environ) != 0) return 0;
  while (waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int read_file(const char *path, void *into, size_t length) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : read(file, into, length);
  if (file >= 0) close(file);
  return got == (ssize_t)length;
}

static int write_file(const char *path, const void *from, size_t length) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t put = file < 0 ? -1 : write(file, from, length);
  if (file >= 0) close(file);
  return put == (ssize_t)length;
}

static Object *new_object(CK_SLOT_ID slot, int pair, CK_OBJECT_CLASS class, CK_ATTRIBUTE_PTR template,
                          CK_ULONG count, CK_OBJECT_HANDLE_PTR handle) {
  CK_BBOOL yes = CK_TRUE;
  CK_ULONG i;
  Object *object = &objects[made];
  if (made == MOST_OBJECTS) return NULL;
  object->slot = slot;
  object->pair = pair;
  object->alive = 1;
  for (i = 0; i < count; i++)
    if (template[i].type != CKA_CLASS)
      add(object, template[i].type, template[i].pValue, template[i].ulValueLen);
  add(object, CKA_CLASS, &class, sizeof class);
  add(object, CKA_LOCAL, &yes, sizeof yes);
  *handle = FIRST_HANDLE + made++;
  return object;
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                               CK_ATTRIBUTE_PTR open, CK_ULONG open_count, CK_ATTRIBUTE_PTR own,
                               CK_ULONG own_count, CK_OBJECT_HANDLE_PTR open_key,
                               CK_OBJECT_HANDLE_PTR own_key) {
  int pair = (int)made;
  char *key = file_of("key", pair), *pub = file_of("pub", pair);
  char *make[] = {"genpkey", "-algorithm", "ML-DSA-65", "-outform", "DER", "-out", key, NULL};
  char *show[] = {"pkey", "-in", key, "-pubout", "-outform", "DER", "-out", pub, NULL};
  unsigned char spki[SPKI_BYTES];
  CK_SESSION_INFO info;
  CK_ULONG set = 2;
  CK_BBOOL kept;
  Object *object;
  CK_RV rv;
  if (mechanism->mechanism != MAKE_ML_DSA)
    return real->C_GenerateKeyPair(session, mechanism, open, open_count, own, own_count, open_key,
                                   own_key);
  if ((rv = real->C_GetSessionInfo(session, &info)) != CKR_OK) return rv;
  if (info.state != CKS_RW_USER_FUNCTIONS) return CKR_USER_NOT_LOGGED_IN;
  if (!openssl(make) || !openssl(show) || !read_file(pub, spki, sizeof spki))
    return CKR_FUNCTION_FAILED;
  object = new_object(info.slotID, pair, CKO_PUBLIC_KEY, open, open_count, open_key);
  if (object == NULL || attribute_of(object, PARAMETER_SET) == NULL) return CKR_TEMPLATE_INCOMPLETE;
  if (*(CK_ULONG *)attribute_of(object, PARAMETER_SET)->pValue != set) return CKR_ATTRIBUTE_VALUE_INVALID;
  add(object, CKA_VALUE, spki + HEADER_BYTES, SPKI_BYTES - HEADER_BYTES);
  object = new_object(info.slotID, pair, CKO_PRIVATE_KEY, own, own_count, own_key);
  if (object == NULL) return CKR_DEVICE_MEMORY;
  if (attribute_of(object, PARAMETER_SET) == NULL) add(object, PARAMETER_SET, &set, sizeof set);
  kept = flag_of(object, CKA_SENSITIVE);
  add(object, CKA_ALWAYS_SENSITIVE, &kept, sizeof kept);
  kept = !flag_of(object, CKA_EXTRACTABLE);
  add(object, CKA_NEVER_EXTRACTABLE, &kept, sizeof kept);
  return CKR_OK;
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle,
                            CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  Object *object = object_of(handle);
  CK_RV rv = CKR_OK;
  CK_ULONG i;
  if (object == NULL) return real->C_GetAttributeValue(session, handle, template, count);
  for (i = 0; i < count; i++) {
    CK_ATTRIBUTE *attribute = attribute_of(object, template[i].type);
    int secret = template[i].type == CKA_VALUE || template[i].type == SEED;
    CK_ULONG room = template[i].ulValueLen;
    template[i].ulValueLen = attribute == NULL ? CK_UNAVAILABLE_INFORMATION : attribute->ulValueLen;
    if (secret && flag_of(object, CKA_SENSITIVE)) rv = CKR_ATTRIBUTE_SENSITIVE;
    else if (attribute == NULL) rv = CKR_ATTRIBUTE_TYPE_INVALID;
    else if (template[i].pValue == NULL) continue;
    else if (room < attribute->ulValueLen) rv = CKR_BUFFER_TOO_SMALL;
    else memcpy(template[i].pValue, attribute->pValue, attribute->ulValueLen);
  }
  return rv;
}

static int fits(Object *object, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  CK_ULONG i;
  for (i = 0; i < count; i++) {
    CK_ATTRIBUTE *attribute = attribute_of(object, template[i].type);
    if (attribute == NULL || attribute->ulValueLen != template[i].ulValueLen) return 0;
    if (memcmp(attribute->pValue, template[i].pValue, attribute->ulValueLen) != 0) return 0;
  }
  return 1;
}

static CK_RV find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  Session *session = session_of(handle);
  CK_SESSION_INFO info;
  CK_ULONG i;
  CK_RV rv = real->C_FindObjectsInit(handle, template, count);
  if (rv != CKR_OK || (rv = real->C_GetSessionInfo(handle, &info)) != CKR_OK) return rv;
  session->count = session->next = 0;
  for (i = 0; i < made; i++) {
    Object *object = &objects[i];
    if (!object->alive || object->slot != info.slotID || !fits(object, template, count)) continue;
    if (flag_of(object, CKA_PRIVATE) && info.state != CKS_RW_USER_FUNCTIONS) continue;
    session->found[session->count++] = FIRST_HANDLE + i;
  }
  return CKR_OK;
}

static CK_RV find(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE_PTR found, CK_ULONG most,
                  CK_ULONG_PTR count) {
  Session *session = session_of(handle);
  if (session->next == session->count || most == 0)
    return real->C_FindObjects(handle, found, most, count);
  for (*count = 0; *count < most && session->next < session->count; ++*count)
    found[*count] = session->found[session->next++];
  return CKR_OK;
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle) {
  Object *object = object_of(handle);
  if (object == NULL) return real->C_DestroyObject(session, handle);
  object->alive = 0;
  return CKR_OK;
}

static CK_RV sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  Object *object = object_of(key);
  if (object == NULL && mechanism->mechanism != SIGN_ML_DSA)
    return real->C_SignInit(handle, mechanism, key);
  if (object == NULL) return CKR_KEY_TYPE_INCONSISTENT;
  if (mechanism->mechanism != SIGN_ML_DSA) return CKR_MECHANISM_INVALID;
  if (!flag_of(object, CKA_SIGN)) return CKR_KEY_FUNCTION_NOT_PERMITTED;
  session_of(handle)->signer = object;
  return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature,
                  CK_ULONG_PTR signature_length) {
  Session *session = session_of(handle);
  Object *object = session->signer;
  if (object == NULL) return real->C_Sign(handle, data, length, signature, signature_length);
  char *message = file_of("msg", object->pair), *out = file_of("sig", object->pair);
  char *arguments[] = {"pkeyutl", "-sign", "-rawin", "-inkey", file_of("key", object->pair), "-in",
                       message,   "-out",  out,      NULL};
  if (signature == NULL || *signature_length < SIGNATURE_BYTES) {
    *signature_length = SIGNATURE_BYTES;
    return signature == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
  }
  session->signer = NULL;
  if (!write_file(message, data, length) || !openssl(arguments)) return CKR_FUNCTION_FAILED;
  if (!read_file(out, signature, SIGNATURE_BYTES)) return CKR_FUNCTION_FAILED;
  *signature_length = SIGNATURE_BYTES;
  return CKR_OK;
}

static CK_RV mechanisms(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  CK_ULONG room = *count;
  CK_RV rv = real->C_GetMechanismList(slot, list, count);
  if (rv != CKR_OK) return rv;
  if (list != NULL && room < *count + 2) return CKR_BUFFER_TOO_SMALL;
  if (list != NULL) {
    list[*count] = MAKE_ML_DSA;
    list[*count + 1] = SIGN_ML_DSA;
  }
  *count += 2;
  return CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  CK_C_GetFunctionList get = module == NULL ? NULL : (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  CK_RV rv = get == NULL ? CKR_GENERAL_ERROR : get(&real);
  if (rv != CKR_OK) return rv;
  ours = *real;
  ours.C_GenerateKeyPair = generate_key_pair;
  ours.C_GetAttributeValue = get_attributes;
  ours.C_FindObjectsInit = find_init;
  ours.C_FindObjects = find;
  ours.C_DestroyObject = destroy;
  ours.C_SignInit = sign_init;
  ours.C_Sign = sign;
  ours.C_GetMechanismList = mechanisms;
  *list = &ours;
  return CKR_OK;
}
