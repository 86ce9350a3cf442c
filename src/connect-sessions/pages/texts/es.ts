import type { PageTexts } from '../page-text';

export const ES: PageTexts = {
  connected: (provider) => ({
    title: provider ? `${provider}: conexión establecida` : 'Su dispositivo está conectado',
    paragraphs: ['Puede cerrar esta ventana y volver a la aplicación.'],
  }),
  pending: (provider) => ({
    title: 'Ya casi está',
    paragraphs: [
      `Estamos esperando a que ${provider ?? 'su proveedor'} confirme la conexión. Esta página lo comprueba de nuevo cada pocos segundos.`,
      'Si ha elegido una aplicación del teléfono, como Salud de Apple, termine allí el proceso. Puede cerrar esta ventana en cualquier momento: no se pierde nada.',
    ],
  }),
  failed: (provider) => ({
    title: provider ? `${provider}: no se pudo conectar` : 'No se pudo conectar su dispositivo',
    paragraphs: [
      'No se ha conectado nada. Vuelva a la aplicación e inténtelo de nuevo.',
      `Si ${provider ?? 'el proveedor'} pide permisos, acepte todos los que sean necesarios.`,
    ],
  }),
  cancelled: (provider) => ({
    title: 'Ha cancelado la conexión',
    paragraphs: [
      provider ? `No se ha establecido la conexión con ${provider}.` : 'Su dispositivo no se ha conectado.',
      'Puede volver a la aplicación y empezar de nuevo cuando quiera.',
    ],
  }),
  unknownLink: {
    title: 'Este enlace no funciona',
    paragraphs: ['Puede que el enlace esté incompleto. Vuelva a la aplicación y elija de nuevo «Conectar».'],
  },
  spentLink: {
    title: 'Este enlace ya se ha usado',
    paragraphs: [
      'Cada enlace funciona una sola vez. Para conectar otro dispositivo, vuelva a la aplicación y empiece de nuevo.',
    ],
  },
  expiredLink: {
    title: 'Este enlace ha caducado',
    paragraphs: [
      'Por su seguridad, los enlaces funcionan durante un tiempo limitado. Vuelva a la aplicación y empiece de nuevo.',
      'Si recibió este enlace en un mensaje, pida uno nuevo a quien se lo envió.',
    ],
  },
  renewableLink: {
    title: 'Este enlace ha caducado',
    paragraphs: [
      'Por su seguridad, los enlaces funcionan durante un tiempo limitado. Aquí puede obtener uno nuevo y continuar enseguida.',
    ],
  },
  renewedLink: {
    title: 'Su nuevo enlace está listo',
    paragraphs: ['Ya puede conectar su dispositivo.'],
  },
  tooManyRequests: {
    title: 'Espere un momento',
    paragraphs: ['Ha habido demasiadas solicitudes. Espere un minuto y vuelva a cargar esta página.'],
  },
  serviceFailed: {
    title: 'Algo ha salido mal',
    paragraphs: ['Usted no ha hecho nada mal. Espere un momento y vuelva a cargar esta página.'],
  },
  backToApp: 'Volver a la aplicación',
  getNewLink: 'Obtener un enlace nuevo',
  continue: 'Continuar',
};
