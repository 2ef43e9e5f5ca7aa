/*
 * A fault injector around a real PKCS#11 module, for tests only: every call goes to the module named
 * by DSECOS_FAULTS_MODULE (SoftHSM where it names none), and what the file DSECOS_FAULTS says happens
 * on the way. A line of the file is `[once] FAULT [NUMBER]`; `once` removes the file first. Names of
 * calls, with mechanisms, are appended to the file DSECOS_FAULTS_CALLS.
 *
 *   crash exit hang logout                        in C_Sign
 *   delay (microseconds)                          in C_Sign and C_Encrypt
 *   forget-login                                  in C_FindObjectsInit
 *   pin-locked                                    C_Login gives CKR_PIN_LOCKED
 *   weak-key more-uses double-key full hang-making in C_GenerateKey and C_GenerateKeyPair
 *   sick                                          C_Encrypt and C_Decrypt give CKR_GENERAL_ERROR
 *   sessions (number)                             C_OpenSession gives so many and then CKR_SESSION_COUNT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST faulty;

/* What the file says now. */
typedef struct {
  const char *path;
  char text[256];
} Plan;

static void read_plan(Plan *plan) {
  int file;
  ssize_t length = 0;
  plan->path = getenv("DSECOS_FAULTS");
  if (plan->path != NULL && (file = open(plan->path, O_RDONLY | O_CLOEXEC)) >= 0) {
    length = read(file, plan->text, sizeof plan->text - 1);
    close(file);
  }
  plan->text[length > 0 ? length : 0] = 0;
}

/* Gives the number beside a fault, or -1 where the plan does not name it. */
static long planned(const Plan *plan, const char *name) {
  const char *line = plan->text;
  while (*line != 0) {
    char word[64];
    long number = 0;
    int once = strncmp(line, "once ", 5) == 0;
    if (sscanf(line + (once ? 5 : 0), "%63s %ld", word, &number) >= 1 && strcmp(word, name) == 0) {
      if (once) unlink(plan->path);
      return number;
    }
    line = strchr(line, '\n');
    if (line == NULL) return -1;
    line += 1;
  }
  return -1;
}

static long fault(const char *name) {
  Plan plan;
  read_plan(&plan);
  return planned(&plan, name);
}

static void called(const char *name, unsigned long mechanism) {
  const char *path = getenv("DSECOS_FAULTS_CALLS");
  char line[64];
  int file, length;
  if (path == NULL) return;
  if ((file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0) abort();
  length = snprintf(line, sizeof line, "%s 0x%lx\n", name, mechanism);
  if (write(file, line, length) != length) abort();
  close(file);
}

static void wait_forever(void) {
  for (;;) pause();
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  called("C_SignInit", mechanism->mechanism);
  return real->C_SignInit(session, mechanism, key);
}

static CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  called("C_EncryptInit", mechanism->mechanism);
  return real->C_EncryptInit(session, mechanism, key);
}

static CK_RV decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  called("C_DecryptInit", mechanism->mechanism);
  return real->C_DecryptInit(session, mechanism, key);
}

static CK_RV derive_key(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base,
                        CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  called("C_DeriveKey", mechanism->mechanism);
  return real->C_DeriveKey(session, mechanism, base, attributes, count, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature,
                  CK_ULONG_PTR signature_length) {
  Plan plan;
  long delay;
  read_plan(&plan);
  delay = planned(&plan, "delay");
  if (delay > 0) usleep(delay);
  if (planned(&plan, "crash") >= 0) raise(SIGSEGV);
  if (planned(&plan, "exit") >= 0) _exit(5);
  if (planned(&plan, "hang") >= 0) wait_forever();
  if (planned(&plan, "logout") >= 0) {
    CK_SESSION_INFO info;
    if (real->C_GetSessionInfo(session, &info) == CKR_OK) real->C_CloseAllSessions(info.slotID);
  }
  return real->C_Sign(session, data, length, signature, signature_length);
}

static CK_RV encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out,
                     CK_ULONG_PTR out_length) {
  Plan plan;
  long delay;
  CK_RV rv = real->C_Encrypt(session, data, length, out, out_length);
  read_plan(&plan);
  delay = planned(&plan, "delay");
  if (delay > 0) usleep(delay);
  return planned(&plan, "sick") >= 0 ? CKR_GENERAL_ERROR : rv;
}

static CK_RV decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out,
                     CK_ULONG_PTR out_length) {
  CK_RV rv = real->C_Decrypt(session, data, length, out, out_length);
  return fault("sick") >= 0 ? CKR_GENERAL_ERROR : rv;
}

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  if (fault("forget-login") >= 0) real->C_Logout(session);
  return real->C_FindObjectsInit(session, attributes, count);
}

/* Sessions that are open, by slot; one thread alone opens and closes them. */
static struct { CK_SESSION_HANDLE session; CK_SLOT_ID slot; } opened[256];
static int open_count;

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE_PTR session) {
  long most = fault("sessions");
  CK_RV rv;
  if (most >= 0 && open_count >= most) return CKR_SESSION_COUNT;
  rv = real->C_OpenSession(slot, flags, application, notify, session);
  if (rv != CKR_OK) return rv;
  if (open_count == sizeof opened / sizeof opened[0]) abort();
  opened[open_count].session = *session;
  opened[open_count++].slot = slot;
  return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  int i;
  for (i = 0; i < open_count; i++) {
    if (opened[i].session != session) continue;
    opened[i] = opened[--open_count];
    break;
  }
  return real->C_CloseSession(session);
}

static CK_RV close_all_sessions(CK_SLOT_ID slot) {
  int i = 0;
  while (i < open_count) {
    if (opened[i].slot == slot) opened[i] = opened[--open_count];
    else i += 1;
  }
  return real->C_CloseAllSessions(slot);
}

static CK_RV finalize(CK_VOID_PTR reserved) {
  open_count = 0;
  return real->C_Finalize(reserved);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  called("C_Login", user);
  if (fault("pin-locked") >= 0) return CKR_PIN_LOCKED;
  return real->C_Login(session, user, pin, length);
}

static void say_yes(CK_ATTRIBUTE_TYPE type, CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  CK_ULONG i;
  for (i = 0; i < count; i++) {
    if (attributes[i].type == type) *(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
  }
}

/* The key may leave the token then, or does more, whatever the caller asked for. */
static void weaken(CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  if (fault("weak-key") >= 0) say_yes(CKA_EXTRACTABLE, attributes, count);
  if (fault("more-uses") >= 0) say_yes(CKA_DERIVE, attributes, count);
}

static CK_RV generate_key(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  called("C_GenerateKey", mechanism->mechanism);
  if (fault("full") >= 0) return CKR_DEVICE_MEMORY;
  if (fault("hang-making") >= 0) wait_forever();
  weaken(attributes, count);
  if (fault("double-key") >= 0) real->C_GenerateKey(session, mechanism, attributes, count, key);
  return real->C_GenerateKey(session, mechanism, attributes, count, key);
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                               CK_ATTRIBUTE_PTR open, CK_ULONG open_count, CK_ATTRIBUTE_PTR own,
                               CK_ULONG own_count, CK_OBJECT_HANDLE_PTR open_key,
                               CK_OBJECT_HANDLE_PTR own_key) {
  called("C_GenerateKeyPair", mechanism->mechanism);
  if (fault("full") >= 0) return CKR_DEVICE_MEMORY;
  if (fault("hang-making") >= 0) wait_forever();
  weaken(own, own_count);
  if (fault("double-key") >= 0)
    real->C_GenerateKeyPair(session, mechanism, open, open_count, own, own_count, open_key, own_key);
  return real->C_GenerateKeyPair(session, mechanism, open, open_count, own, own_count, open_key,
                                 own_key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  const char *path = getenv("DSECOS_FAULTS_MODULE");
  void *module = dlopen(path == NULL ? "/usr/lib/softhsm/libsofthsm2.so" : path, RTLD_NOW | RTLD_LOCAL);
  CK_C_GetFunctionList get;
  CK_RV rv;
  if (module == NULL) return CKR_GENERAL_ERROR;
  get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  if (get == NULL) return CKR_GENERAL_ERROR;
  rv = get(&real);
  if (rv != CKR_OK) return rv;
  faulty = *real;
  faulty.C_SignInit = sign_init;
  faulty.C_EncryptInit = encrypt_init;
  faulty.C_DecryptInit = decrypt_init;
  faulty.C_DeriveKey = derive_key;
  faulty.C_Sign = sign;
  faulty.C_Encrypt = encrypt;
  faulty.C_Decrypt = decrypt;
  faulty.C_FindObjectsInit = find_init;
  faulty.C_Login = login;
  faulty.C_OpenSession = open_session;
  faulty.C_CloseSession = close_session;
  faulty.C_CloseAllSessions = close_all_sessions;
  faulty.C_Finalize = finalize;
  faulty.C_GenerateKey = generate_key;
  faulty.C_GenerateKeyPair = generate_key_pair;
  *list = &faulty;
  return CKR_OK;
}
